"""What answers: from a request and what is known of its user to ranked items, whatever of the system is down."""
