// attempts: return an object with a million keys
// expected: output-limit|memory-limit|time-limit
// limits: seconds=5
result = new Proxy({}, {
  ownKeys: () => Array.from({ length: 1e6 }, (_, i) => 'key' + i),
  getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
});
