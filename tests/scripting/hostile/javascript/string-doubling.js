// attempts: double a text for ever
// expected: memory-limit|exception
let s = 'x';
while (true) s += s;
