"""The public test kit: a private RabbitMQ node."""
