// attempts: give all objects another encoding
// expected: result "forged"
Object.defineProperty(Object.prototype, 'toJSON', { value: () => 'forged' });
result = { a: 1 };
