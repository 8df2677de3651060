# attempts: sleep for an hour
# expected: exception
import asyncio
asyncio.run(asyncio.sleep(3600))
