/*
 * What sensors recognise, in families, as bits of a 32-bit mask: one exchange may carry several names ('gssapi,smb'). Names are those that
 * Zeek's `service`, Suricata's `app_proto`, nDPI and Cisco's NBAR use.
 */
export const Application = {
  web: 1 << 0,
  tls: 1 << 1,
  shell: 1 << 2,
  dns: 1 << 3,
  mail: 1 << 4,
  ftp: 1 << 5,
  telnet: 1 << 6,
  remoteDesktop: 1 << 7,
  vnc: 1 << 8,
  windows: 1 << 9,
  directory: 1 << 10,
  ntp: 1 << 11,
  snmp: 1 << 12,
  voice: 1 << 13,
  mysql: 1 << 14,
  postgresql: 1 << 15,
  sqlServer: 1 << 16,
  oracle: 1 << 17,
  modbus: 1 << 18,
  dnp3: 1 << 19,
  iec104: 1 << 20,
  s7: 1 << 21,
  cip: 1 << 22,
  bacnet: 1 << 23,
  opcUa: 1 << 24,
  mqtt: 1 << 25,
  chat: 1 << 26,
  peerToPeer: 1 << 27,
  tunnel: 1 << 28,
  service: 1 << 29,
  remoteSupport: 1 << 30,
} as const;
/** A name that no family has: nothing can be said against it. */
export const UNRECOGNISED_APPLICATION = 1 << 31;

const A = Application;

const FAMILY_OF: Readonly<Record<string, number>> = {
  ...namesOf(A.web, 'http http2 http1 http-alt websocket'),
  ...namesOf(A.tls, 'ssl tls dtls quic https secure-http doh doh2'),
  ...namesOf(A.shell, 'ssh'),
  ...namesOf(A.dns, 'dns mdns llmnr'),
  ...namesOf(A.mail, 'smtp smtps imap imaps pop3 pops'),
  ...namesOf(A.ftp, 'ftp ftp-data ftp_data ftps ftp_control'),
  ...namesOf(A.telnet, 'telnet'),
  ...namesOf(A.remoteDesktop, 'rdp ms-wbt ms-rdp rdpeudp'),
  ...namesOf(A.vnc, 'rfb vnc'),
  ...namesOf(A.windows, 'smb smb1 smb2 cifs dce_rpc dcerpc netbios netbios-ns netbios-dgm netbios-ssn nbss ntlm gssapi'),
  ...namesOf(A.directory, 'ldap ldap_tcp ldap_udp krb krb_tcp krb5 kerberos'),
  ...namesOf(A.ntp, 'ntp'),
  ...namesOf(A.snmp, 'snmp snmp-trap'),
  ...namesOf(A.voice, 'sip rtp rtcp stun rtsp h323'),
  ...namesOf(A.mysql, 'mysql'),
  ...namesOf(A.postgresql, 'postgresql pgsql postgres'),
  ...namesOf(A.sqlServer, 'mssql tds ms-sql-s mssql-tds'),
  ...namesOf(A.oracle, 'oracle tns sqlnet oracle-sqlnet'),
  ...namesOf(A.modbus, 'modbus modbus_tcp'),
  ...namesOf(A.dnp3, 'dnp3 dnp3_tcp dnp3_udp dnp'),
  ...namesOf(A.iec104, 'iec104 iec60870 iec-104'),
  ...namesOf(A.s7, 's7comm s7comm_tcp s7comm_plus cotp tpkt mms iso-tsap'),
  ...namesOf(A.cip, 'enip enip_tcp enip_udp ethernetip ethernet-ip cip cipio'),
  ...namesOf(A.bacnet, 'bacnet'),
  ...namesOf(A.opcUa, 'opcua opc-ua opcua_binary opcua-binary'),
  ...namesOf(A.mqtt, 'mqtt'),
  ...namesOf(A.chat, 'irc xmpp'),
  ...namesOf(A.peerToPeer, 'bittorrent bittorrent-dht edonkey'),
  ...namesOf(A.tunnel, 'openvpn ipsec ike isakmp ipsec_ike wireguard socks socks4 socks5 tor l2tp pptp teredo ayiya gtpv1 vxlan'),
  ...namesOf(A.service, 'dhcp dhcpv6 tftp syslog radius nfs rpc portmap ssdp'),
  ...namesOf(A.remoteSupport, 'teamviewer anydesk radmin splashtop screenconnect vmware-view'),
};

/** Remote control of a machine, whatever the port. */
export const REMOTE_CONTROL = A.shell | A.telnet | A.remoteDesktop | A.vnc | A.remoteSupport;

/** Families of the names in a record's `applicationName`, separated by commas; 0 where none was told. */
export function applicationsOf(names: string): number {
  if (names === '') return 0;
  return names
    .toLowerCase()
    .split(',')
    .reduce((mask, name) => mask | (Object.hasOwn(FAMILY_OF, name) ? FAMILY_OF[name]! : UNRECOGNISED_APPLICATION), 0);
}

const WORDS: readonly (readonly [bits: number, word: string])[] = [
  [A.web, 'HTTP'],
  [A.tls, 'TLS'],
  [A.shell, 'SSH'],
  [A.dns, 'DNS'],
  [A.mail, 'mail'],
  [A.ftp, 'FTP'],
  [A.telnet, 'Telnet'],
  [A.remoteDesktop, 'RDP'],
  [A.vnc, 'VNC'],
  [A.windows, 'SMB or another Windows service'],
  [A.directory, 'LDAP or Kerberos'],
  [A.ntp, 'NTP'],
  [A.snmp, 'SNMP'],
  [A.voice, 'SIP, STUN or media'],
  [A.mysql, 'MySQL'],
  [A.postgresql, 'PostgreSQL'],
  [A.sqlServer, 'SQL Server'],
  [A.oracle, 'Oracle'],
  [A.modbus, 'Modbus'],
  [A.dnp3, 'DNP3'],
  [A.iec104, 'IEC 104'],
  [A.s7, 'S7 or MMS'],
  [A.cip, 'EtherNet/IP'],
  [A.bacnet, 'BACnet'],
  [A.opcUa, 'OPC UA'],
  [A.mqtt, 'MQTT'],
  [A.chat, 'IRC or XMPP'],
  [A.peerToPeer, 'BitTorrent or another peer-to-peer protocol'],
  [A.tunnel, 'a tunnel or proxy'],
  [A.service, 'DHCP, TFTP, syslog or another service'],
  [A.remoteSupport, 'remote support software'],
];

/** Families for people: 'TLS or HTTP'. */
export function applicationWords(mask: number): string {
  return WORDS.flatMap(([bits, word]) => ((mask & bits) === 0 ? [] : [word])).join(' or ');
}

/*
 * What is at home on a port by the IANA registry of service names, with what is carried inside or negotiated there (STARTTLS, QUIC, TURN). Ports that are not
 * here expect nothing: 8080 and 8443 carry everything.
 */
const EXPECTED: ReadonlyMap<number, number> = new Map([
  ...at(A.ftp | A.tls, 21),
  ...at(A.shell, 22),
  ...at(A.telnet, 23),
  ...at(A.mail | A.tls, 25, 110, 143, 465, 587, 993, 995),
  ...at(A.dns | A.tls, 53, 853),
  ...at(A.dns, 5353, 5355),
  ...at(A.web, 80),
  ...at(A.directory | A.windows, 88),
  ...at(A.s7, 102),
  ...at(A.ntp, 123),
  ...at(A.windows, 135, 137, 138, 139),
  ...at(A.windows | A.tls | A.directory, 445),
  ...at(A.snmp, 161, 162),
  ...at(A.directory | A.tls | A.windows, 389, 636, 3268, 3269),
  ...at(A.tls | A.web | A.voice, 443),
  ...at(A.modbus, 502),
  ...at(A.sqlServer | A.tls | A.windows | A.directory, 1433),
  ...at(A.oracle | A.tls, 1521),
  ...at(A.mqtt, 1883),
  ...at(A.iec104 | A.tls, 2404),
  ...at(A.mysql | A.tls, 3306),
  ...at(A.remoteDesktop | A.tls | A.windows, 3389),
  ...at(A.opcUa, 4840),
  ...at(A.voice | A.tls, 5060, 5061),
  ...at(A.postgresql | A.tls | A.windows, 5432),
  ...at(A.vnc | A.tls, 5900),
  ...at(A.mqtt | A.tls, 8883),
  ...at(A.dnp3 | A.tls, 20_000),
  ...at(A.cip, 44_818),
  ...at(A.bacnet, 47_808),
]);

/** Families that are at home on the port; 0 where anything may be. */
export function expectedApplications(port: number): number {
  return EXPECTED.get(port) ?? 0;
}

function namesOf(family: number, names: string): Record<string, number> {
  return Object.fromEntries(names.split(' ').map((name) => [name, family]));
}

function at(families: number, ...ports: readonly number[]): [number, number][] {
  return ports.map((port) => [port, families]);
}
