// attempts: append to a text for ever
// expected: memory-limit|exception|time-limit
// limits: seconds=2
let s = '';
while (true) s += 'x'.repeat(10000);
