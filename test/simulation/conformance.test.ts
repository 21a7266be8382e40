/** The simulated disk and the model engine do what the real ones do: the same suites drive both. */
import { diskConformance } from '../../node/storage/testing/disk-conformance.ts';
import { engineConformance } from '../../node/storage/testing/engine-conformance.ts';
import { SimulatedDisk } from './disk.ts';
import { openModelEngine } from './engine.ts';
import { Life } from './life.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';

type Machine = { readonly disk: SimulatedDisk; life: Life; dispose(): Promise<void> };

/** Simulated time that passes by itself, for suites that know nothing of it. */
function machine(): Machine {
  const scheduler = new Scheduler();
  const settings = { latencyMs: 0.1, syncLatencyMs: 1, slowChance: 0.1, capacityBytes: 1 << 30 };
  let isDisposed = false;
  const pass = (): void => {
    while (scheduler.step());
    if (!isDisposed) setImmediate(pass);
  };
  setImmediate(pass);
  return {
    disk: new SimulatedDisk(scheduler, new Random('conformance'), settings),
    life: new Life(scheduler),
    dispose: async () => {
      isDisposed = true;
    },
  };
}

diskConformance('the simulated disk', async () => {
  const { disk, life, dispose } = machine();
  disk.folderAt('/place');
  return { disk: disk.mount(life), folder: '/place', dispose };
});

engineConformance({
  name: 'the model',
  runs: 100,
  crashRuns: 200,
  create: async () => {
    const place = machine();
    return {
      open: () => openModelEngine(place.disk, place.life, '/state'),
      crash: async (random) => {
        place.life.kill();
        if (random() < 0.5) place.disk.loseProcess();
        else {
          place.disk.makeNamesDurable();
          place.disk.losePower();
        }
        place.life = new Life(place.disk.scheduler);
        return 'Crashed';
      },
      dispose: place.dispose,
    };
  },
});
