/** All grow only, but `open`. */
export interface TcpCounters {
  connections: number;
  /** Connections at this moment. */
  open: number;
  /** Connections of senders that are not allowed, or one too many. */
  refused: number;
  /** TLS connections that ended before they were secure: wrong or no certificate, wrong protocol, too slow. */
  handshakesFailed: number;
  /** Connections closed because what came was no IPFIX message. */
  broken: number;
  /** Connections closed because the rest of a message did not come. */
  slow: number;
  /** Connections that ended within a message, by themselves or by an error of the network. */
  cut: number;
  messages: number;
  octets: number;
}
