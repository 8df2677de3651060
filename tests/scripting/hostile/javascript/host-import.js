// attempts: import a module
// expected: result ["none"]
result = ['none'];
for (const name of ['std', 'os', 'fs', 'node:fs', 'file:///etc/passwd', 'qjs:os'])
  import(name).then((module) => result.push(name), () => {});
