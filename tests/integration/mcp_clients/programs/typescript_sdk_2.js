// The TypeScript SDK 2.x, in the protocol era that is asked for.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

import { walk } from "./typescript_walk.js";

const { url, command, era } = JSON.parse(process.argv[2]);
const mode = era === "legacy" ? "legacy" : { pin: "2026-07-28" };

async function connect() {
  const client = new Client({ name: "typescript-sdk-2", version: "1.0.0" }, { versionNegotiation: { mode } });
  await client.connect(
    url
      ? new StreamableHTTPClientTransport(new URL(url))
      : new StdioClientTransport({ command: command[0], args: command.slice(1), env: process.env, stderr: "ignore" }),
  );
  return client;
}

await walk(connect, (client, name, options) => client.callTool({ name, arguments: {} }, options));
process.exit(0);
