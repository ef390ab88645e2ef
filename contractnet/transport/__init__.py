"""What is carried: the port, and a transport inside one process or over RabbitMQ."""
