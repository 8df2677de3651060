# attempts: replace the encoder in its module
# expected: exception
import json
json.dumps = lambda *a, **k: '{}'
result = 1
