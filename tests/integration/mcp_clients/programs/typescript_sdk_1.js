// The TypeScript SDK 1.x: it knows the revisions with a handshake only.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { walk } from "./typescript_walk.js";

const { url, command } = JSON.parse(process.argv[2]);

async function connect() {
  const client = new Client({ name: "typescript-sdk-1", version: "1.0.0" });
  await client.connect(
    url
      ? new StreamableHTTPClientTransport(new URL(url))
      : new StdioClientTransport({ command: command[0], args: command.slice(1), env: process.env, stderr: "ignore" }),
  );
  return client;
}

await walk(connect, (client, name, options) => client.callTool({ name, arguments: {} }, undefined, options));
process.exit(0);
