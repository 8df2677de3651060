// attempts: fill the memory with functions
// expected: memory-limit
let f = () => 1;
while (true) { const g = f; f = () => g; }
