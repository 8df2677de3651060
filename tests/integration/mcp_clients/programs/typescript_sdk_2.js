// The TypeScript SDK 2.x, in the protocol era that is asked for.
import { createInterface } from "node:readline";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const { url, command, era } = JSON.parse(process.argv[2]);
const mode = era === "legacy" ? "legacy" : { pin: "2026-07-28" };
const told = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (step, value = null) => console.log(JSON.stringify([step, value]));

async function connect() {
  const client = new Client({ name: "typescript-sdk-2", version: "1.0.0" }, { versionNegotiation: { mode } });
  await client.connect(
    url
      ? new StreamableHTTPClientTransport(new URL(url))
      : new StdioClientTransport({ command: command[0], args: command.slice(1), env: process.env, stderr: "ignore" }),
  );
  return client;
}

const getShip = async (client) =>
  (await client.callTool({ name: "get-ship", arguments: { imo: 7 } })).structuredContent;

let client = await connect();
say("listed", {
  tools: (await client.listTools()).tools.map((tool) => tool.name),
  resources: (await client.listResources()).resources.map((resource) => resource.uri),
  templates: (await client.listResourceTemplates()).resourceTemplates.map((template) => template.uriTemplate),
  prompts: (await client.listPrompts()).prompts.map((prompt) => prompt.name),
});
say("called", await getShip(client));
const contents = [];
for (const uri of ["ships://about", "ships://7"]) {
  contents.push((await client.readResource({ uri })).contents[0].text);
}
say("read", contents);
say("got", (await client.getPrompt({ name: "inspect", arguments: { imo: "7", kind: "tanker" } })).messages[0].content.text);
const ref = { type: "ref/prompt", name: "inspect" };
say("completed", (await client.complete({ ref, argument: { name: "kind", value: "t" } })).completion.values);

const controller = new AbortController();
const call = client.callTool({ name: "wait", arguments: {} }, { signal: controller.signal });
call.catch(() => {});
say("waiting");
await told.next();
controller.abort("enough");
say("cancelled", await call.then(() => false, () => true));
await told.next();
say("called again", await getShip(client));
await client.close();

client = await connect();
say("reconnected", await getShip(client));
await client.close();
process.exit(0);
