# attempts: import by name
# expected: exception
import importlib
result = importlib.import_module('os').environ
