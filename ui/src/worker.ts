// The SharedWorker: one hub for all tabs of this browser that show this version of the page.
import { Hub, type FromTab } from './hub';
import { realEnv } from './stream';

const hub = new Hub(realEnv);

addEventListener('connect', (event) => {
  const port = (event as MessageEvent).ports[0]!;
  const tab = { post: (message: unknown) => port.postMessage(message) };
  port.onmessage = ({ data }: MessageEvent<FromTab>) => hub.hear(tab, data);
});
