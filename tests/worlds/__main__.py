import sys, time
from pathlib import Path
from connector.clock import SystemClock
from connector.logs import configure_logs
from tests.worlds.year import play
from tests.worlds.size import Size
from tests.judge.judge import judge
configure_logs("ERROR", SystemClock())
seed=int(sys.argv[1]); days=int(sys.argv[2])
p=play(seed, Path(f"/tmp/world-out-{seed}"), size=Size(days=days))
print(p)
t=time.process_time()
v=judge(Path(f"/tmp/world-out-{seed}"))
for k,c in v.cases.items(): print(f"{k:40} {c}")
for b in v.broken[:40]: print("-",b)
print(len(v.broken), "judge cpu", time.process_time()-t)
