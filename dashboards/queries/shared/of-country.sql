-- Peers of the chosen countries, as a part of WHERE. A peer that is not looked up yet is unknown.
    AND $__conditionalAll((peerAddress IN (SELECT peerAddress FROM cordon.peer_places_current WHERE country IN (${country:singlequote})) OR ('unknown' IN (${country:singlequote}) AND peerAddress NOT IN (SELECT peerAddress FROM cordon.peer_places))), $country)
