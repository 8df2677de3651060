// attempts: load a module
// expected: exception
result = require('fs').readFileSync('/etc/passwd', 'utf8');
