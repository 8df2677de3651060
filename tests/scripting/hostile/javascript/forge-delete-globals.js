// attempts: delete all globals
// expected: result 1
for (const name of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[name]; } catch (e) {}
result = 1;
