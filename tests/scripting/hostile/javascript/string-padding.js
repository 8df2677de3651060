// attempts: pad a text to a gigabyte
// expected: memory-limit|exception
result = 'x'.padEnd(2 ** 30 - 25).length;
