# attempts: sleep for an hour
# expected: exception
import time
time.sleep(3600)
