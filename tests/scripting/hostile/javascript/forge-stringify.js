// attempts: replace the encoder of the result
// expected: result {"real":1}
JSON.stringify = () => '{"forged":true}';
result = { real: 1 };
