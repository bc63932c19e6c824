-- Stands for the design's transmitter of serial bits where only bytes matter: writes each byte that it is given into the
-- file `answers.txt`, and is ready for the next one at once.

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use std.textio.all;

entity uart_tx_ctrl is
  port (
    clk : in std_logic;
    send_start : in std_logic;
    send_data : in std_logic_vector(7 downto 0);
    uart_txd : out std_logic := '1';
    send_ready : out std_logic := '1'
  );
end entity;

architecture bench of uart_tx_ctrl is
begin
  process (clk)
    file answers : text;
    variable opened : boolean := false;
    variable one : line;
  begin
    if rising_edge(clk) and send_start = '1' then
      if not opened then  -- of two transmitters only the one that sends spikes is ever asked to
        file_open(answers, "answers.txt", write_mode);
        opened := true;
      end if;
      write(one, to_integer(unsigned(send_data)));
      writeline(answers, one);
    end if;
  end process;
end architecture;
