// attempts: find a way to files, processes or the network
// expected: result []
result = [
  'std', 'os', 'process', 'require', 'Deno', 'Bun', 'fetch', 'XMLHttpRequest', 'WebSocket', 'Worker', 'WebAssembly',
  'load', 'loadFile', 'read', 'readFile', 'print', 'console', 'scriptArgs', 'setTimeout', 'Java', 'Polyglot', 'Packages',
].filter((name) => typeof globalThis[name] !== 'undefined');
