# SPDX-License-Identifier: Apache-2.0
"""Many clients in one process, each with a connection of its own, that pull a table at the
same time: `python flight_pullers.py ADDRESS TABLE CLIENTS ROWS SUM`, where ROWS and SUM are
those of the right answer's column "id". Says how many had it, and what the others had."""

import sys
import threading

import pyarrow.compute as pc
import pyarrow.flight as flight


def main(address: str, table: str, clients: int, rows: int, total: int) -> None:
    barrier = threading.Barrier(clients)
    right, wrong = [], []

    def pull() -> None:
        barrier.wait()
        try:
            with flight.FlightClient(address) as client:
                options = flight.FlightCallOptions(timeout=60)
                found = client.do_get(flight.Ticket(table), options).read_all()
            answer = (found.num_rows, pc.sum(found["id"]).as_py())
            (right if answer == (rows, total) else wrong).append(answer)
        except Exception as error:
            wrong.append(str(error)[:200])

    threads = [threading.Thread(target=pull) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(right), sorted(map(str, wrong))[:3])


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
