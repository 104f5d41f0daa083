// The registers of the AES engine (aes.def; contract: aes.sv).
module aes_registers
  import aes_package::*;
(
    input  logic         clk,
    input  logic         rst_n,
    input  logic         write,
    input  logic [ 11:0] write_address,
    input  logic [ 31:0] write_data,
    input  logic [ 31:0] write_mask,
    output logic         write_error,
    input  logic [ 11:0] read_address,
    output logic [ 31:0] read_data,
    output logic         read_error,
    output logic         irq,
    // To and from the control.
    output command_t     command,
    output logic [511:0] key,          // byte 0 lowest
    output logic         key_changed,  // KEY is being written, or what MODE says of it
    output logic         start,
    output logic         abort,
    output logic         zeroise,
    input  logic         busy,
    input  logic         done,
    input  logic [  2:0] errors,       // as in ERROR
    input  logic         tag_ok,
    input  block_t       tag_out
);
  localparam logic [11:0] ID = 12'h000, CONTROL = 12'h004, STATUS = 12'h008, ERROR = 12'h00c,
      INTERRUPT_STATUS = 12'h010, INTERRUPT_ENABLE = 12'h014, MODE = 12'h018, UNIT_LENGTH = 12'h01c,
      AAD_LENGTH = 12'h020, DATA_LENGTH = 12'h024, IV_LENGTH = 12'h028, TAG_LENGTH = 12'h02c;
  localparam logic [11:0] IV = 12'h040, TAG_IN = 12'h050, TAG_OUT = 12'h060, KEY = 12'h080;  // arrays

  localparam logic [2:0] MODE_OF_KEY = 3'b101;  // GCM needs a hash key

  logic [2:0] error, mode, new_mode;
  logic [1:0] interrupt_status, interrupt_enable;
  logic [31:0] unit_length, aad_length, data_length, iv_length;
  logic [4:0] tag_length;
  logic [31:0] iv[4], tag_in[4], keys[16];

  function automatic logic is_array(logic [11:0] address, logic [11:0] first);
    return (address ^ first) < 12'h010;
  endfunction
  function automatic logic is_key(logic [11:0] address);
    return (address ^ KEY) < 12'h040;
  endfunction
  function automatic logic exists(logic [11:0] address);
    return address <= TAG_LENGTH || is_array(address, IV) || is_array(address, TAG_IN) ||
        is_array(address, TAG_OUT) || is_key(address);
  endfunction
  // What the command under way depends on.
  function automatic logic is_kept(logic [11:0] address);
    return address >= MODE;
  endfunction

  function automatic logic [31:0] merged(logic [31:0] old);
    return (old & ~write_mask) | (write_data & write_mask);
  endfunction

  logic [2:0] ones;  // what is written as 1
  logic write_ok;
  assign ones = 3'(write_data & write_mask);
  assign write_error = !exists(write_address) ||
      (busy && (is_kept(write_address) || (write_address == CONTROL && ones == 3'b001)));
  assign write_ok = write && !write_error;
  assign start = write_ok && write_address == CONTROL && ones == 3'b001;
  assign abort = write_ok && write_address == CONTROL && (ones[1] || ones[2]);
  assign zeroise = write_ok && write_address == CONTROL && ones[2];
  assign new_mode = 3'(merged(32'(mode)));
  assign key_changed = write_ok && (is_key(write_address) ||
      (write_address == MODE && ((new_mode ^ mode) & MODE_OF_KEY) != 0));

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      mode             <= '0;
      unit_length      <= '0;
      aad_length       <= '0;
      data_length      <= '0;
      iv_length        <= 32'd12;
      tag_length       <= 5'd16;
      interrupt_enable <= '0;
      for (int i = 0; i < 4; ++i) begin
        iv[i]     <= '0;
        tag_in[i] <= '0;
      end
    end else if (write_ok) begin
      case (write_address)
        INTERRUPT_ENABLE: interrupt_enable <= 2'(merged(32'(interrupt_enable)));
        MODE: mode <= new_mode;
        UNIT_LENGTH: unit_length <= merged(unit_length);
        AAD_LENGTH: aad_length <= merged(aad_length);
        DATA_LENGTH: data_length <= merged(data_length);
        IV_LENGTH: iv_length <= merged(iv_length);
        TAG_LENGTH: tag_length <= 5'(merged(32'(tag_length)));
        default: begin
          if (is_array(write_address, IV)) iv[write_address[3:2]] <= merged(iv[write_address[3:2]]);
          if (is_array(write_address, TAG_IN)) tag_in[write_address[3:2]] <= merged(tag_in[write_address[3:2]]);
        end
      endcase
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n || zeroise) begin
      for (int i = 0; i < 16; ++i) keys[i] <= '0;
    end else if (write_ok && is_key(write_address)) begin
      keys[write_address[5:2]] <= merged(keys[write_address[5:2]]);
    end
  end

  // What happens wins over what is cleared in the same cycle.
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      error            <= '0;
      interrupt_status <= '0;
    end else begin
      error <= (error & ~(write_ok && write_address == ERROR ? ones : 3'b0)) | errors;
      interrupt_status <= (interrupt_status & ~(write_ok && write_address == INTERRUPT_STATUS ? ones[1:0] : 2'b0)) |
          {|errors, done};
    end
  end
  assign irq = |(interrupt_status & interrupt_enable);

  assign read_error = !exists(read_address);
  always_comb begin
    case (read_address)
      ID: read_data = 32'h41455301;
      STATUS: read_data = {30'b0, tag_ok, busy};
      ERROR: read_data = 32'(error);
      INTERRUPT_STATUS: read_data = 32'(interrupt_status);
      INTERRUPT_ENABLE: read_data = 32'(interrupt_enable);
      MODE: read_data = 32'(mode);
      UNIT_LENGTH: read_data = unit_length;
      AAD_LENGTH: read_data = aad_length;
      DATA_LENGTH: read_data = data_length;
      IV_LENGTH: read_data = iv_length;
      TAG_LENGTH: read_data = 32'(tag_length);
      default: begin
        read_data = '0;
        if (is_array(read_address, IV)) read_data = iv[read_address[3:2]];
        if (is_array(read_address, TAG_IN)) read_data = tag_in[read_address[3:2]];
        if (is_array(read_address, TAG_OUT)) read_data = tag_out[32*read_address[3:2]+:32];
      end
    endcase
  end

  assign command.gcm         = mode[0];
  assign command.decrypt     = mode[1];
  assign command.key_256     = mode[2];
  assign command.unit_length = unit_length;
  assign command.aad_length  = aad_length;
  assign command.data_length = data_length;
  assign command.iv_length   = iv_length;
  assign command.tag_length  = tag_length;
  assign command.iv          = {iv[3], iv[2], iv[1], iv[0]};
  assign command.tag_in      = {tag_in[3], tag_in[2], tag_in[1], tag_in[0]};
  for (genvar i = 0; i < 16; ++i) begin : g_key
    assign key[32*i+:32] = keys[i];
  end
endmodule
