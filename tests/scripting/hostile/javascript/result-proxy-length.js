// attempts: return a list that says it is long
// expected: time-limit|memory-limit|output-limit|result-not-json
// limits: seconds=2
result = new Proxy([], { get: (list, key) => (key === 'length' ? 2 ** 32 - 1 : 1) });
