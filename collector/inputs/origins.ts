import type { Origin } from '../contracts.js';

/** Exporters whose origin is remembered at a time: memory bound against spoofed senders. The oldest is forgotten and made again when it sends. */
export const MAX_EXPORTERS = 4096;

/** The sensor that an exporter's payloads belong to: from the configuration, or a name made from its address. */
export type SensorOf = (exporter: Uint8Array, exporterPort: number) => string;

/** One Origin per exporter and port, made when it first sends. */
export class Origins {
  private readonly known = new Map<string, Origin>();
  private readonly sensorOf: SensorOf;
  private readonly transport: Origin['transport'];
  private readonly most: number;

  constructor(sensorOf: SensorOf, transport: Origin['transport'], most = MAX_EXPORTERS) {
    this.sensorOf = sensorOf;
    this.transport = transport;
    this.most = most;
  }

  get size(): number {
    return this.known.size;
  }

  get(key: string): Origin | undefined {
    return this.known.get(key);
  }

  /** Makes and remembers the origin of `key`; `exporter` is copied. */
  add(key: string, exporter: Uint8Array, exporterPort: number): Origin {
    if (this.known.size >= this.most) {
      for (const oldest of this.known.keys()) {
        this.known.delete(oldest);
        break;
      }
    }
    const address = exporter.slice();
    const sensor = this.sensorOf(address, exporterPort);
    const origin: Origin = { sensor, exporter: address, exporterPort, transport: this.transport, receivedMs: Number.NaN };
    this.known.set(key, origin);
    return origin;
  }
}
