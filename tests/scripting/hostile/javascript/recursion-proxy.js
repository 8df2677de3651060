// attempts: recurse in a chain of proxies
// expected: exception|time-limit|memory-limit
// limits: seconds=5
let p = {};
for (let i = 0; i < 1e5; i++) p = new Proxy(p, {});
result = p.x;
