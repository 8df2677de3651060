"""Documents for mutation tests. Together they use every served key, and some keys that are not served."""

from __future__ import annotations

from typing import Final

SHIPS: Final = """\
naftiko: 1.0.0-alpha2
info:
  label: Ships — 船
  description: >-
    All of them,
    folded
  tags: [fleet, 'sea', "air"]
  created: 2026-05-19
  stakeholders:
    - {role: owner, fullName: Ann Lee, email: ann@example.org}
binds:
  - namespace: env
    keys: &keys
      REGISTRY_TOKEN: REGISTRY_TOKEN
      TENANT: SHIP_TENANT
capability:
  consumes:
    - type: http
      namespace: registry
      baseUri: https://registry.example/v1/
      authentication: {type: bearer, token: "{{REGISTRY_TOKEN}}"}
      inputParameters:
        - {name: X-Tenant, in: header, value: "t-{{env.TENANT}}"}
        - {name: session, in: cookie}
      resources:
        - name: ship
          path: /ships/{imo}/parts/{{part-id}}
          inputParameters:
            - {name: imo, in: path, type: string, required: true}
          operations:
            - name: get-part
              inputParameters:
                - {name: fields, in: query, default: "name"}
              outputParameters:
                - {name: first, type: string, value: "$.parts[0].name"}
            - name: put-part
              method: PUT
              body: '{"name": "{{name}}", "size": {{size}}}'
        - path: ships
          operations:
            - name: add-ship
              method: POST
              body:
                type: json
                data: {name: "{{tools.name}}", crew: ["{{crew}}", 1, null, true], note: "by {{name}}"}
            - name: form
              method: POST
              body: {type: formUrlEncoded, data: {a: "{{a}}", b: 7}}
            - name: text
              method: PATCH
              body: {type: xml, data: "<a>{{a}}</a>"}
            - name: open
              method: DELETE
  exposes:
    - type: rest
      namespace: ships
      address: 127.0.0.1
      port: 8080
      resources:
        - path: /ships/{imo}/parts/{partId}
          inputParameters:
            - {name: imo, in: path, type: integer, description: The number}
          operations:
            - method: GET
              call: registry.get-part
              with: {imo: ships.imo, fields: "x{{wanted}}y", session: 12}
              inputParameters:
                - {name: wanted, in: query, type: array}
              outputParameters:
                - type: object
                  properties:
                    name: {type: string, mapping: "$.name", maxLength: 5}
                    crew: {type: array, mapping: "$.crew[?(@.age > 3)]", items: {type: object, mapping: $}}
                    age: {type: number, const: 3}
                - {type: string, value: none}
            - method: PUT
              call: registry.put-part
              inputParameters: [{name: name, in: body}, {name: size, in: body, type: number, required: yes}]
        - path: /Ships('{id}')
          operations:
            - {method: POST, call: registry.add-ship, name: add}
            - {method: DELETE, call: registry.open}
    - type: mcp
      namespace: tools
      port: 9090
      description: |
        Instructions
        on two lines
      tools:
        - name: add-ship
          label: Add
          description: Adds
          hints: {readOnly: false, destructive: no, idempotent: off, openWorld: true}
          inputParameters:
            - {name: name, type: string, description: N, required: false, default: Ann}
            - {name: crew, type: array}
          call: registry.add-ship
          outputParameters:
            - {type: array, mapping: {items: {type: string, mapping: $.name}}}
        - {name: form, call: registry.form, with: {a: tools.a}}
        - {name: text, call: registry.text, with: {a: "{{tools.a}}"}}
"""

KEYED: Final = """\
naftiko: "0.5"
info: {title: "Keyed", description: "x: y"}
capability:
  binds:
    - namespace: vault
      keys: {KEY: THE_KEY, USER: THE_USER, PASS: THE_PASS}
  consumes:
    - namespace: a
      baseUri: http://127.0.0.1:9000
      authentication: {type: apikey, key: X-Key, value: "{{vault.KEY}}", placement: query}
      resources:
        - path: /
          operations: [{name: root, method: get}, {name: head, method: HEAD}]
    - namespace: b
      baseUri: "https://[::1]/x/"
      authentication:
        type: basic
        username: "{{USER}}"
        password: "{{PASS}}!"
      resources:
        - path: "/x:action?fixed=1"
          operations:
            - name: act
              method: POST
              inputParameters: [{name: body, in: body}]
    - {location: ./c.yaml, import: c, as: d}
  exposes:
    - type: rest
      namespace: r
      port: 0
      resources: [{path: /a, operations: [{call: a.root}, {call: d.any, method: PUT}]}]
    - type: mcp
      namespace: m
      port: 0
      tools:
        - name: act
          call: b.act
          outputParameters: [{type: object, values: {type: integer, mapping: $.n}}]
    - {type: skill, port: 1, namespace: s}
"""

BROKEN: Final = """\
naftiko: 1.0.0-alpha2
info:
  label: Broken
  description: It is
binds:
- namespace: env
  keys:
    NEVER: NEVER
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: https://things.example
    resources:
    - path: /things
      operations:
      - name: list-things
  exposes:
  - type: rest
    namespace: web
    port: 8080
    resources:
    - path: /things
      operations:
      - name: list
        call: api.list-thing
"""
"""It has a misspelt call, and a variable that nothing uses."""
