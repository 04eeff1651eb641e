"""What a user would pick instead of this engine, one method a file, one interface: :class:`peers.base.Peer`."""
