// The registers of the SHA-2 engine (sha2.def; contract: sha2.sv).
module sha2_registers
  import sha2_package::*;
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
    output logic [  2:0] algorithm,
    output logic         start,
    output logic         abort,
    input  logic         busy,
    input  logic         valid,
    input  logic         done,
    input  logic         framing,
    input  logic [511:0] digest  // byte 0 highest
);
  localparam logic [11:0] ID = 12'h000, CONTROL = 12'h004, STATUS = 12'h008, ERROR = 12'h00c,
      INTERRUPT_STATUS = 12'h010, INTERRUPT_ENABLE = 12'h014, ALGORITHM = 12'h018, DIGEST = 12'h040;

  logic [1:0] error, interrupt_status, interrupt_enable, ones, errors;

  function automatic logic is_digest(logic [11:0] address);
    return (address ^ DIGEST) < 12'h040;
  endfunction
  function automatic logic exists(logic [11:0] address);
    return address <= ALGORITHM || is_digest(address);
  endfunction

  logic write_ok, bad;
  assign ones = 2'(write_data & write_mask);
  assign write_error = !exists(write_address) ||
      (busy && (write_address == ALGORITHM || (write_address == CONTROL && ones == 2'b01)));
  assign write_ok = write && !write_error;
  assign bad = algorithm < SHA256 || algorithm > SHA512_256;
  assign start = write_ok && write_address == CONTROL && ones == 2'b01 && !bad;
  assign abort = write_ok && write_address == CONTROL && ones[1];
  assign errors = {framing, write_ok && write_address == CONTROL && ones == 2'b01 && bad};

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      algorithm        <= SHA256;
      interrupt_enable <= '0;
      error            <= '0;
      interrupt_status <= '0;
    end else begin
      if (write_ok && write_address == ALGORITHM)
        algorithm <= (algorithm & ~write_mask[2:0]) | (write_data[2:0] & write_mask[2:0]);
      if (write_ok && write_address == INTERRUPT_ENABLE)
        interrupt_enable <= (interrupt_enable & ~write_mask[1:0]) | ones;
      // What happens wins over what is cleared in the same cycle.
      error <= (error & ~(write_ok && write_address == ERROR ? ones : 2'b0)) | errors;
      interrupt_status <= (interrupt_status & ~(write_ok && write_address == INTERRUPT_STATUS ? ones : 2'b0)) |
          {|errors, done};
    end
  end
  assign irq = |(interrupt_status & interrupt_enable);

  logic [31:0] word;  // of the digest, byte 0 highest
  assign word = digest[{~read_address[5:2], 5'b0}+:32];
  assign read_error = !exists(read_address);
  always_comb begin
    case (read_address)
      ID: read_data = 32'h53484101;
      STATUS: read_data = {30'b0, valid, busy};
      ERROR: read_data = 32'(error);
      INTERRUPT_STATUS: read_data = 32'(interrupt_status);
      INTERRUPT_ENABLE: read_data = 32'(interrupt_enable);
      ALGORITHM: read_data = 32'(algorithm);
      default: read_data = is_digest(read_address) ? {word[7:0], word[15:8], word[23:16], word[31:24]} : '0;
    endcase
  end
endmodule
