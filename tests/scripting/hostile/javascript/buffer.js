// attempts: allocate a buffer of two gigabytes
// expected: memory-limit|exception
result = new ArrayBuffer(2 ** 31).byteLength;
