// The TypeScript SDK 1.x: it knows the revisions with a handshake only.
import { createInterface } from "node:readline";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const { url, command } = JSON.parse(process.argv[2]);
const told = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (step, value = null) => console.log(JSON.stringify([step, value]));

async function connect() {
  const client = new Client({ name: "typescript-sdk-1", version: "1.0.0" });
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
const call = client.callTool({ name: "wait", arguments: {} }, undefined, { signal: controller.signal });
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
