// What a client of the TypeScript SDK does, step by step: it says each result, and waits for a line before some steps.
import { createInterface } from "node:readline";

const told = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (step, value = null) => console.log(JSON.stringify([step, value]));

const getShip = async (client) =>
  (await client.callTool({ name: "get-ship", arguments: { imo: 7 } })).structuredContent;

// `connect` returns a connected client. `callTool` calls a tool without arguments, with the options of a request.
export async function walk(connect, callTool) {
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
  const call = callTool(client, "wait", { signal: controller.signal });
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
}
