// attempts: replace what an encoder may call
// expected: result {"a":[1,"x"]}
for (const prototype of [Array, String, Object, Function, RegExp].map((kind) => kind.prototype))
  for (const name of Object.getOwnPropertyNames(prototype))
    try { if (name !== 'constructor') prototype[name] = () => { throw new Error(name); }; } catch (e) {}
result = { a: [1, 'x'] };
