/**
 * Ports above 1023 that servers listen on and clients are not given, by IANA's registry and the makers' documents: who has one is the responder, whatever the other port
 * is. Needed where the lower of two ports says nothing or says wrong: EtherNet/IP (44818) and BACnet (47808) lie in the range that clients are given, and old stacks give
 * clients ports from 1025 on.
 */
const SERVICE_PORTS: readonly number[] = [
  // Files, names, directories, management
  ...[
    1194, 1812, 1813, 1900, 2049, 2222, 3128, 3260, 3268, 3269, 3389, 3702, 5353, 5355, 5666, 5900, 5901, 5938, 5985, 5986, 6514, 8291,
    9100,
  ],
  ...[10_050, 10_051],
  // Databases, queues, web
  ...[
    1433, 1434, 1521, 1883, 3050, 3306, 4369, 5432, 5671, 5672, 5984, 6379, 6443, 8000, 8080, 8081, 8086, 8443, 8883, 8888, 9000, 9090,
    9092,
  ],
  ...[9200, 9300, 9443, 11_211, 27_017],
  // Voice, media, chat, telecommunications, medicine
  ...[1720, 2123, 2152, 2575, 3478, 3868, 5060, 5061, 5222, 6667, 11_112],
  // Logs and flow export
  ...[2055, 4739, 6343, 9995, 9996],
  // Industry: Fox, IEC 104, HART-IP, OPC UA, FINS, Codesys, SLMP, GE SRTP, DNP3, ProConOS, Profinet, EtherNet/IP, BACnet, EtherCAT, Fieldbus HSE, Foundation
  ...[1089, 1090, 1091, 1217, 1911, 1962, 2404, 2455, 4840, 4911, 5007, 5094, 9600, 11_740, 18_245, 18_246, 20_000, 20_547, 34_962, 34_963],
  ...[34_964, 34_980, 44_818, 47_808],
];

const IS_SERVICE = new Uint8Array(65_536);
for (const port of SERVICE_PORTS) IS_SERVICE[port] = 1;

export function isServicePort(port: number): boolean {
  return IS_SERVICE[port] === 1;
}
