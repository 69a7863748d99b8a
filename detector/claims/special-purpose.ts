/**
 * Address blocks that no packet to or from the public internet carries: the special-purpose registries of RFC 6890 that are not globally reachable,
 * multicast (RFC 5771, RFC 4291 §2.7) and broadcast. Left out on purpose, and therefore internet: the documentation blocks (nobody may use them inside,
 * so a flow to them leaves the site), and the translators and relays through which the internet is reached (64:ff9b::/96, 2001::/32, 2002::/16).
 */
export const SPECIAL_PURPOSE = [
  '0.0.0.0/8', // this network, RFC 791 §3.2
  '10.0.0.0/8', // private, RFC 1918
  '100.64.0.0/10', // shared between carrier and customer, RFC 6598
  '127.0.0.0/8', // loopback, RFC 1122 §3.2.1.3
  '169.254.0.0/16', // link-local, RFC 3927
  '172.16.0.0/12', // private, RFC 1918
  '192.0.0.0/24', // IETF protocol assignments, RFC 6890 §2.1
  '192.168.0.0/16', // private, RFC 1918
  '198.18.0.0/15', // benchmarking, RFC 2544
  '224.0.0.0/4', // multicast, RFC 5771
  '240.0.0.0/4', // reserved, RFC 1112 §4, and limited broadcast, RFC 919 §7
  '::/127', // unspecified and loopback, RFC 4291 §2.5.2, §2.5.3
  '64:ff9b:1::/48', // local-use translation, RFC 8215
  '100::/64', // discard-only, RFC 6666
  '2001:2::/48', // benchmarking, RFC 5180
  'fc00::/7', // unique-local, RFC 4193
  'fe80::/10', // link-local unicast, RFC 4291 §2.5.6
  'fec0::/10', // site-local, deprecated, RFC 3879
  'ff00::/8', // multicast, RFC 4291 §2.7
] as const;
