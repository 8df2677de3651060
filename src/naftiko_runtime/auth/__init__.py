"""Who may call: inbound guards. How upstreams are told who we are where it takes more than a header: outbound flows."""
