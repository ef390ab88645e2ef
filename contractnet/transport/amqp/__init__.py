"""The transport over RabbitMQ: AMQP 0-9-1, profile `open`. The only package that imports the AMQP client."""
