# attempts: wait for what never happens
# expected: time-limit|exception
# limits: seconds=0.5
import asyncio
async def f():
    while True:
        await asyncio.sleep(0)
asyncio.run(f())
