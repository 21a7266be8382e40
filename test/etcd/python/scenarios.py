"""Drives the PyPI package aetcd against the members whose endpoints are given; fails when anything is not as promised.
Prints "strike" where it wants the first of them killed."""

import asyncio
import io
import sys

import aetcd


def connect(endpoint):
    host, port = endpoint.split(':')
    return aetcd.Client(host=host, port=int(port), timeout=5)


async def keys(client):
    await client.put(b'keys/a', b'1')
    await client.put(b'keys/b', b'2')
    assert (await client.get(b'keys/a')).value == b'1'
    assert await client.get(b'absent') is None
    assert [kv.key for kv in await client.get_prefix(b'keys/')] == [b'keys/a', b'keys/b']
    assert await client.replace(b'keys/a', b'1', b'3')
    assert not await client.replace(b'keys/a', b'1', b'4')
    succeeded, _ = await client.transaction(
        compare=[client.transactions.value(b'keys/a') == b'3', client.transactions.version(b'keys/b') > 0],
        success=[client.transactions.put(b'keys/a', b'5'), client.transactions.delete(b'keys/b')],
        failure=[client.transactions.put(b'keys/a', b'wrong')],
    )
    assert succeeded
    assert (await client.get(b'keys/a')).value == b'5'
    assert (await client.delete_prefix(b'keys/')).deleted == 1


async def leases(client):
    lease = await client.lease(30)
    await client.put(b'leases/kept', b'1', lease=lease)
    await lease.refresh()
    assert await lease.granted_ttl() == 30
    assert 0 < await lease.remaining_ttl() <= 30
    assert list(await lease.keys()) == [b'leases/kept']
    await lease.revoke()
    assert await client.get(b'leases/kept') is None


async def locks(client):
    first, second = client.lock(b'door', ttl=20), client.lock(b'door', ttl=20)
    assert await first.acquire()
    assert not await second.acquire(timeout=1)
    await first.release()
    assert await second.acquire()
    await second.release()


async def watch(client):
    events = await client.watch(b'watch/counter')
    writing = asyncio.create_task(count(client, 1, 20))
    seen = await values(events, 20)
    await writing
    assert seen == list(range(1, 21)), seen
    await events.cancel()


async def values(events, number):
    seen = []
    async for event in events:
        seen.append(int(event.kv.value))
        if len(seen) == number:
            return seen


async def count(client, start, end):
    for number in range(start, end + 1):
        await client.put(b'watch/counter', str(number).encode())


async def members(client, expected):
    listed = [member async for member in client.members()]
    assert len(listed) == expected, listed
    status = await client.status()
    assert status.leader.id in [member.id for member in listed]


async def snapshot(client):
    file = io.BytesIO()
    await client.snapshot(file)
    assert file.tell() > 0


async def survive(endpoints):
    """What was acknowledged is there, and a watch from the revision after the last seen has no gap."""
    doomed, survivor = connect(endpoints[0]), connect(endpoints[1])
    began = (await doomed.put(b'survive/counter', b'0')).header.revision
    await count_resolutely(survivor, b'survive/counter', 1, 10)
    print('strike', flush=True)
    await count_resolutely(survivor, b'survive/counter', 11, 30)
    events = await survivor.watch(b'survive/counter', start_revision=began + 1)
    seen = await values(events, 30)
    assert seen == list(range(1, 31)), seen
    await survivor.close()


async def count_resolutely(client, key, start, end):
    for number in range(start, end + 1):
        while True:
            try:
                await client.replace(key, str(number - 1).encode(), str(number).encode())
                break
            except aetcd.ClientError:
                await asyncio.sleep(0.05)


async def main():
    endpoints = sys.argv[1].split(',')
    async with connect(endpoints[0]) as client:
        await keys(client)
        await leases(client)
        await locks(client)
        await watch(client)
        await members(client, len(endpoints))
        await snapshot(client)
    await survive(endpoints)
    print('passed')


asyncio.run(asyncio.wait_for(main(), 120))
