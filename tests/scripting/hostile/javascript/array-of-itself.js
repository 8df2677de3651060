// attempts: fill the memory with a list
// expected: memory-limit
const a = [];
while (1) a.push(a);
