// attempts: grow a text by replacing
// expected: memory-limit|exception|time-limit
// limits: seconds=5
let s = 'a'.repeat(1e6);
result = s.replace(/a/g, () => 'b'.repeat(1000)).length;
