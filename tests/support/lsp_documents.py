"""Documents that an editor opens."""

from __future__ import annotations

TEXT = """\
naftiko: 1.0.0-alpha2
info: {label: Ships, description: Ships.}
binds:
  - namespace: env
    keys: {TOKEN: REGISTRY_TOKEN}
capability:
  consumes:
    - type: http
      namespace: registry
      baseUri: https://registry.example
      authentication: {type: bearer, token: "{{TOKEN}}"}
      resources:
        - path: /ships/{imo}
          operations:
            - name: get
              method: GET
              inputParameters:
                - {name: fields, in: query}
    - import: crews
      location: crews.yaml
  exposes:
    - type: rest
      namespace: web
      port: 8080
      resources:
        - path: /ships/{imo}
          inputParameters:
            - {name: imo, in: path, type: string}
          operations:
            - method: GET
              inputParameters:
                - name: only
                  in: query
                  type: string
              call: registry.get
              with:
                imo: web.imo
                fields: "{{only}}"
        - path: /crews
          operations:
            - method: POST
              call: crews.add
              with: {note: "é😀 {{env.TOKEN}}"}
    - type: mcp
      namespace: tools
      port: 9090
      tools:
        - name: add-crew
          description: "Adds a crew 😀"
          inputParameters: [{name: ship, type: string, description: The ship.}]
          call: crews.add
          with: {name: ship, note: tools.ship}
      description: Ships and crews.
"""
CREWS = """\
naftiko: 1.0.0-alpha2
consumes:
  - type: http
    namespace: crews
    baseUri: https://crews.example
    resources:
      - path: /crews
        operations:
          - name: add
            method: POST
            inputParameters: [{name: note, in: query}]
            body: {type: json, data: {name: "{{name}}"}}
"""


def codes(found: list[dict[str, object]]) -> list[object]:
    return [one["code"] for one in found]
