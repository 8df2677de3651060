// attempts: throw a huge text
// expected: exception|memory-limit
throw new Error('x'.repeat(5e6));
