import './handshake.js';
import './negotiation.js';
import './framing.js';
import './content-frames.js';
import './connection.js';
import './channel.js';
